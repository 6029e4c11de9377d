! The algorithm of Thomas: Gaussian elimination for tridiagonal systems.
module tridiagonal
  implicit none
  integer, parameter :: dp = kind(1.0d0)

contains

  ! lower(i) multiplies x(i-1), upper(i) multiplies x(i+1) in equation i.
  ! No pivoting, so the matrix should be diagonally dominant.
  pure subroutine solve(lower, diagonal, upper, right, x)
    real(dp), intent(in) :: lower(:), diagonal(:), upper(:), right(:)
    real(dp), intent(out) :: x(:)
    real(dp) :: c(size(diagonal)), d(size(diagonal)), pivot
    integer :: i, n

    n = size(diagonal)
    c(1) = upper(1) / diagonal(1)
    d(1) = right(1) / diagonal(1)
    do i = 2, n
      pivot = diagonal(i) - lower(i) * c(i - 1)
      c(i) = merge(upper(i) / pivot, 0.0_dp, i < n)
      d(i) = (right(i) - lower(i) * d(i - 1)) / pivot
    end do
    x(n) = d(n)
    do i = n - 1, 1, -1
      x(i) = d(i) - c(i) * x(i + 1)
    end do
  end subroutine solve

end module tridiagonal
