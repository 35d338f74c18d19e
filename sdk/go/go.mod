module visavis.example/client

go 1.19
