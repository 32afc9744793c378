"""Speech of our own making: syllables recorded or synthesised, put together to sentences whose every pause is known."""
