"""How good a catalog is to find and to call: what its definitions lack, and who takes whose place."""
