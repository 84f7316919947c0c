"""Supply chain: bills of materials, licences, known advisories and secrets in files."""
