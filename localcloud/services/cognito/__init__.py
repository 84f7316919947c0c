"""Cognito user pools: their resources in a template, sign-in with code and PKCE, and tokens."""
