"""Ways to tell people, one file each. The alert itself, shown in the pages, is the way that is always there."""
