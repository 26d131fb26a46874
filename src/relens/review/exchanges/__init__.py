"""Files of other labelling tools: waiting images go out with what was answered filled in, reviews come back; one file each."""
