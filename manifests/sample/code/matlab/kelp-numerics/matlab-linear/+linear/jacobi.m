function [x, residuals] = jacobi(A, b, tolerance, limit)
%JACOBI  Solve A*x = b by the iteration of Jacobi.
%   The iteration converges for every starting vector if A is strictly
%   diagonally dominant, because then the norm of I - D\A is below one.

if nargin < 3, tolerance = 1e-10; end
if nargin < 4, limit = 1000; end

d = diag(A);
if any(d == 0)
    error('linear:jacobi:zero', 'The diagonal contains a zero.');
end
x = zeros(size(b));
residuals = zeros(limit, 1);
for k = 1:limit
    r = b - A * x;
    residuals(k) = norm(r);
    if residuals(k) <= tolerance * norm(b)
        residuals = residuals(1:k);
        return
    end
    x = x + r ./ d;
end
warning('linear:jacobi:limit', 'No convergence after %d steps.', limit);
end
