"""The commands of `pbm360`, a module for each room; `cli` puts them together."""
