"""Figures that leave the screen, drawn alike on every machine: colours, a typeface with Chinese, a sheet to draw on."""
