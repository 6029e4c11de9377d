% Heat conduction in a rod: explicit and implicit steps compared.
n = 50;
h = 1 / (n + 1);
x = h * (1:n)';
e = ones(n, 1);
L = spdiags([e, -2 * e, e], -1:1, n, n) / h^2;

u0 = sin(pi * x);
T = 0.1;
exact = exp(-pi^2 * T) * u0;

% The explicit method is stable only if dt <= h^2 / 2.
dt = 0.4 * h^2;
steps = ceil(T / dt);
u = u0;
for k = 1:steps
    u = u + (T / steps) * (L * u);
end
fprintf('explicit: %4d steps, error %.2e\n', steps, norm(u - exact, inf));

% The method of Crank and Nicolson has no such restriction.
steps = 40;
A = speye(n) - (T / steps / 2) * L;
B = speye(n) + (T / steps / 2) * L;
u = u0;
for k = 1:steps
    u = A \ (B * u);
end
fprintf('implicit: %4d steps, error %.2e\n', steps, norm(u - exact, inf));
