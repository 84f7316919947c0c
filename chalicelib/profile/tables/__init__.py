"""The tables of credit.toml as frozen structures, one module a group of tables."""
