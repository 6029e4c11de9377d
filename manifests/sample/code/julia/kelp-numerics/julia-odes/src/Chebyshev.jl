# Interpolation in the points of Chebyshev with the barycentric formula.

struct Interpolant{T<:AbstractFloat}
    points::Vector{T}
    values::Vector{T}
end

"""
    Interpolant(f, n)

The polynomial of degree `n` that agrees with `f` in the extrema of the Chebyshev polynomial of degree `n`.
"""
function Interpolant(f, n::Integer)
    points = [cospi(k / n) for k in 0:n]
    return Interpolant(points, map(f, points))
end

# The weights are 1/2, -1, 1, ..., with one half at both ends.
weight(k, n) = (iseven(k) ? 1 : -1) * (k == 0 || k == n ? 0.5 : 1.0)

function (p::Interpolant)(x)
    n = length(p.points) - 1
    numerator = denominator = 0.0
    for k in 0:n
        distance = x - p.points[k + 1]
        iszero(distance) && return p.values[k + 1]
        share = weight(k, n) / distance
        numerator += share * p.values[k + 1]
        denominator += share
    end
    return numerator / denominator
end

# Runge's function defeats equally spaced points, but not these.
runge(x) = 1 / (1 + 25x^2)
largest_error(n) = maximum(abs(Interpolant(runge, n)(x) - runge(x)) for x in range(-1, 1; length = 1001))
