"""What runs without a key and without a network: the models whose weights come inside packages."""
