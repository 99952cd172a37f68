"""The benchmarks: one module each, with `run() -> {"rows": …, "ratios": …}`."""
