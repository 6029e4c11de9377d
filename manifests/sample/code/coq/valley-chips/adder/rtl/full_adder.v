// A full adder and a register behind it.
module full_adder (input a, input b, input cin, output sum, output cout);
  wire p;
  assign p = a ^ b;
  assign sum = p ^ cin;
  assign cout = (a & b) | (p & cin);
endmodule

module register (input clk, input reset, input d, output reg q);
  always @(posedge clk or negedge reset)
    if (!reset) q <= 1'b0;
    else q <= d;
endmodule
