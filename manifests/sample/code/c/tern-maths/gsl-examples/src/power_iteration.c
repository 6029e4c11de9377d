/* The dominant eigenvalue of a symmetric matrix by power iteration. */
#include <math.h>
#include <cblas.h>

/* Returns the Rayleigh quotient; x holds the eigenvector, y is scratch space of length n. */
double power_iteration(int n, const double *a, double *x, double *y, double tolerance, int limit)
{
    double lambda = 0.0;
    for (int k = 0; k < limit; k++) {
        double norm = cblas_dnrm2(n, x, 1);
        cblas_dscal(n, 1.0 / norm, x, 1);
        cblas_dsymv(CblasRowMajor, CblasUpper, n, 1.0, a, n, x, 1, 0.0, y, 1);
        double next = cblas_ddot(n, x, 1, y, 1);
        cblas_dcopy(n, y, 1, x, 1);
        if (fabs(next - lambda) <= tolerance * fabs(next))
            return next;
        lambda = next;
    }
    return lambda;
}
