module hazards.test

go 1.24
