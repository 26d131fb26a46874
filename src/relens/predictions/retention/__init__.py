"""Which images stay, which leave and why: what each deployment holds, what it dropped, and what it will need."""
