/* The pendulum without the small-angle approximation. */
#include <math.h>
#include <stdio.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_odeiv2.h>
#include <gsl/gsl_sf_ellint.h>

/* y[0] is the angle, y[1] the angular velocity; params points to g / l. */
static int rhs(double t, const double y[], double dydt[], void *params)
{
    (void)t;
    dydt[0] = y[1];
    dydt[1] = -*(double *)params * sin(y[0]);
    return GSL_SUCCESS;
}

/* The exact period for the amplitude theta: 4 sqrt(l/g) K(sin(theta / 2)). */
static double period(double g_over_l, double theta)
{
    return 4.0 / sqrt(g_over_l) * gsl_sf_ellint_Kcomp(sin(theta / 2), GSL_PREC_DOUBLE);
}

int main(void)
{
    double g_over_l = 9.81, theta = 2.0, t = 0.0;
    double y[2] = {theta, 0.0};
    gsl_odeiv2_system system = {rhs, NULL, 2, &g_over_l};
    gsl_odeiv2_driver *driver =
        gsl_odeiv2_driver_alloc_y_new(&system, gsl_odeiv2_step_rk8pd, 1e-6, 1e-12, 0.0);

    double T = period(g_over_l, theta);
    if (gsl_odeiv2_driver_apply(driver, &t, T, y) != GSL_SUCCESS)
        return 1;
    printf("after one period of %.6f s the angle is %.9f\n", T, y[0]);
    gsl_odeiv2_driver_free(driver);
    return 0;
}
