module Geometry

area(radius) = pi * radius^2

end
