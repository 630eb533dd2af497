"""Call scripts: written, played, recorded, measured for what they cover, and found automatically."""
