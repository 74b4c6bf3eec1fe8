module example.org/hazards

go 1.25
