"""What the machines that watch over this program ask: is it up, is it ready, how is it doing."""
