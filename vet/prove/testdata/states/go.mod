module example.org/states

go 1.25
