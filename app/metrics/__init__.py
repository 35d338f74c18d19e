"""What happened, in numbers: sessions are counted once, when they are over, into hours and days."""
