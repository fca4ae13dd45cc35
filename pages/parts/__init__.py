"""What the pages share: the address, the guard, the gallery, the labs that can be opened."""
