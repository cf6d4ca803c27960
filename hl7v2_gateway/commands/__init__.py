"""Commands of the gateway: each file is one."""
