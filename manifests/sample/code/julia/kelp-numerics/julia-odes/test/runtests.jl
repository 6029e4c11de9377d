using Test
using LinearAlgebra

include("../src/AdaptivePair.jl")
include("../src/Sieve.jl")
using .AdaptivePair

@testset "differential equations" begin
    # y' = y has the solution exp(t).
    @test last(integrate((t, y) -> y, [1.0], (0.0, 1.0)))[2][1] ≈ exp(1) atol = 1e-4
    # A rotation keeps the distance from the origin.
    turned = last(integrate((t, y) -> [-y[2], y[1]], [1.0, 0.0], (0.0, 2π)))[2]
    @test norm(turned) ≈ 1 atol = 1e-3
    @test turned[1] ≈ 1 atol = 1e-3
end

@testset "arithmetic functions" begin
    n = 1000
    phi, mu = totients(n), moebius(n)
    divisors(m) = filter(d -> m % d == 0, 1:m)
    @test all(sum(phi[d] for d in divisors(m)) == m for m in 1:100)
    @test all(sum(mu[d] for d in divisors(m)) == (m == 1) for m in 1:100)
    @test phi[997] == 996
end
