module unsafe.example

go 1.26
