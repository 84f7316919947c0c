"""The seam before moto's dispatch: requests are held against AWS's models, rules and quotas."""
