theory Document
  imports Sums Cantor Lists
begin

section \<open>About this session\<close>

text \<open>This file only collects the others; it states nothing, so it is refused.\<close>

end
