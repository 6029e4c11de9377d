/* Multiplying polynomials by the fast Fourier transform. */
#include <complex.h>
#include <string.h>
#include <fftw3.h>

/* c has room for na + nb - 1 coefficients. */
void multiply(const double *a, int na, const double *b, int nb, double *c)
{
    int n = na + nb - 1, half = n / 2 + 1;
    double *in = fftw_alloc_real(n);
    fftw_complex *fa = fftw_alloc_complex(half), *fb = fftw_alloc_complex(half);
    fftw_plan forward = fftw_plan_dft_r2c_1d(n, in, fa, FFTW_ESTIMATE);
    fftw_plan backward = fftw_plan_dft_c2r_1d(n, fa, in, FFTW_ESTIMATE);

    memset(in, 0, n * sizeof *in);
    memcpy(in, a, na * sizeof *in);
    fftw_execute_dft_r2c(forward, in, fa);
    memset(in, 0, n * sizeof *in);
    memcpy(in, b, nb * sizeof *in);
    fftw_execute_dft_r2c(forward, in, fb);
    for (int k = 0; k < half; k++) {
        double complex product = (fa[k][0] + I * fa[k][1]) * (fb[k][0] + I * fb[k][1]);
        fa[k][0] = creal(product) / n;
        fa[k][1] = cimag(product) / n;
    }
    fftw_execute(backward);
    memcpy(c, in, n * sizeof *in);

    fftw_destroy_plan(forward);
    fftw_destroy_plan(backward);
    fftw_free(in);
    fftw_free(fa);
    fftw_free(fb);
}
