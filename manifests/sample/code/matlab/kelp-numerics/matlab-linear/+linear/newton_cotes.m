function w = newton_cotes(n)
%NEWTON_COTES  Weights of the closed rule with n + 1 equally spaced points on [0, 1].
%   The rule must integrate 1, x, ..., x^n exactly, which is a linear system
%   with the transposed matrix of Vandermonde. For n = 1 it is the trapezoidal
%   rule and for n = 2 the rule of Simpson; from n = 8 on some weights are negative.

x = linspace(0, 1, n + 1);
V = x .^ ((0:n)');
moments = 1 ./ (1:n + 1)';
w = (V \ moments)';
end
