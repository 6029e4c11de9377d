theory Sums
  imports Main
begin

text \<open>Closed forms of sums; the induction is always the same.\<close>

lemma gauss: "2 * (\<Sum>k\<le>n. k) = n * (n + 1)" for n :: nat
  by (induction n) auto

lemma sum_of_odds: "(\<Sum>k<n. 2 * k + 1) = n ^ 2" for n :: nat
  by (induction n) (auto simp: power2_eq_square)

theorem sum_of_cubes: "(\<Sum>k\<le>n. k ^ 3) = (\<Sum>k\<le>n. k) ^ 2" for n :: nat
proof (induction n)
  case 0
  show ?case by simp
next
  case (Suc n)
  have "(\<Sum>k\<le>Suc n. k) ^ 2 = (\<Sum>k\<le>n. k) ^ 2 + 2 * (\<Sum>k\<le>n. k) * Suc n + (Suc n) ^ 2"
    by (simp add: power2_eq_square algebra_simps)
  also have "2 * (\<Sum>k\<le>n. k) = n * (n + 1)"
    by (rule gauss)
  finally show ?case
    using Suc by (simp add: power2_eq_square power3_eq_cube algebra_simps)
qed

end
