! Simpson's rule with halved steps until two results agree.
module simpson
  use, intrinsic :: iso_fortran_env, only: real64
  implicit none
  private
  public :: integrate

  abstract interface
    pure function integrand(x) result(y)
      import :: real64
      real(real64), intent(in) :: x
      real(real64) :: y
    end function integrand
  end interface

contains

  recursive function integrate(f, a, b, tolerance) result(total)
    procedure(integrand) :: f
    real(real64), intent(in) :: a, b, tolerance
    real(real64) :: total, middle, whole, halves

    middle = (a + b) / 2
    whole = rule(f, a, b)
    halves = rule(f, a, middle) + rule(f, middle, b)
    if (abs(halves - whole) <= 15 * tolerance) then
      ! One step of Richardson's extrapolation removes the leading error term.
      total = halves + (halves - whole) / 15
    else
      total = integrate(f, a, middle, tolerance / 2) + integrate(f, middle, b, tolerance / 2)
    end if
  end function integrate

  function rule(f, a, b) result(area)
    procedure(integrand) :: f
    real(real64), intent(in) :: a, b
    real(real64) :: area
    area = (b - a) / 6 * (f(a) + 4 * f((a + b) / 2) + f(b))
  end function rule

end module simpson
