"""Reports: one HTML file each, that needs no network and looks the same wherever it is opened."""
