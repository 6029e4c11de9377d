C     One step of the classical method of Runge and Kutta for Y' = F(T, Y).
      SUBROUTINE RK4(F, T, H, N, Y, WORK)
      INTEGER N, I
      DOUBLE PRECISION T, H, Y(N), WORK(N, 5)
      EXTERNAL F
      CALL F(T, N, Y, WORK(1, 1))
      DO 10 I = 1, N
         WORK(I, 5) = Y(I) + H / 2 * WORK(I, 1)
   10 CONTINUE
      CALL F(T + H / 2, N, WORK(1, 5), WORK(1, 2))
      DO 20 I = 1, N
         WORK(I, 5) = Y(I) + H / 2 * WORK(I, 2)
   20 CONTINUE
      CALL F(T + H / 2, N, WORK(1, 5), WORK(1, 3))
      DO 30 I = 1, N
         WORK(I, 5) = Y(I) + H * WORK(I, 3)
   30 CONTINUE
      CALL F(T + H, N, WORK(1, 5), WORK(1, 4))
      DO 40 I = 1, N
         Y(I) = Y(I) + H / 6 * (WORK(I, 1) + 2 * WORK(I, 2)
     &        + 2 * WORK(I, 3) + WORK(I, 4))
   40 CONTINUE
      T = T + H
      END
