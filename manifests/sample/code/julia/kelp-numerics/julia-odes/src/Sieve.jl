# Arithmetic functions of all numbers up to n at once.

"""
    linear_sieve(n)

Smallest prime factor of every number up to `n`; each composite number is struck out exactly once.
"""
function linear_sieve(n::Integer)
    smallest = zeros(Int, n)
    primes = Int[]
    for i in 2:n
        if smallest[i] == 0
            smallest[i] = i
            push!(primes, i)
        end
        for p in primes
            (p > smallest[i] || i * p > n) && break
            smallest[i * p] = p
        end
    end
    return smallest
end

"Euler's function from the smallest prime factors."
function totients(n::Integer)
    smallest = linear_sieve(n)
    phi = ones(Int, n)
    for i in 2:n
        p = smallest[i]
        q = i ÷ p
        phi[i] = phi[q] * (q % p == 0 ? p : p - 1)
    end
    return phi
end

"The Möbius function: zero if a square divides n, else minus one to the number of primes."
function moebius(n::Integer)
    smallest = linear_sieve(n)
    mu = ones(Int, n)
    for i in 2:n
        q = i ÷ smallest[i]
        mu[i] = q % smallest[i] == 0 ? 0 : -mu[q]
    end
    return mu
end
