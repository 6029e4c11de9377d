"""
Integrate y' = f(t, y) with an adaptive pair of Runge-Kutta methods of orders three and two
(Bogacki and Shampine).
"""
module AdaptivePair

using LinearAlgebra: norm

export integrate

# The last stage of a step is the first stage of the next one.
function step(f, t, y, h, k1)
    k2 = f(t + h / 2, y + h / 2 * k1)
    k3 = f(t + 3h / 4, y + 3h / 4 * k2)
    fine = y + h * (2k1 + 3k2 + 4k3) / 9
    k4 = f(t + h, fine)
    coarse = y + h * (7k1 + 6k2 + 8k3 + 3k4) / 24
    return fine, k4, norm(fine - coarse)
end

function integrate(f, y, (start, stop); tolerance = 1e-6)
    t, h = float(start), (stop - start) / 100
    k = f(t, y)
    path = [(t, y)]
    while t < stop
        h = min(h, stop - t)
        next, slope, error = step(f, t, y, h, k)
        if error <= tolerance
            t, y, k = t + h, next, slope
            push!(path, (t, y))
        end
        # The error of the coarse method is of third order in h.
        h *= clamp(0.9 * cbrt(tolerance / max(error, eps())), 0.2, 5.0)
    end
    return path
end

end
