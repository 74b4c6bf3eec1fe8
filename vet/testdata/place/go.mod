module place.test/dotted.name

go 1.24
