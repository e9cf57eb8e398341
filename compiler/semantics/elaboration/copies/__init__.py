"""Applications that are copies of earlier ones: what makes two alike, and how the second is made of the first."""
