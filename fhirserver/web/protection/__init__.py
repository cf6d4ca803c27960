"""What stands between the network and every address: headers, proxies, limits."""
