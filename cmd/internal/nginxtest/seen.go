package nginxtest

import "fmt"

// SeenHeader is the response header in which a backend made with Named says
// which of its requests this is the answer to: its name and the request's
// number, as in "a 17".
const SeenHeader = "X-Seen"

// Named gives the backend a name, which it puts into every answer together
// with the number of the request. The request is kept until Take asks for it,
// and Requests and Lookup know nothing of it.
func Named(name string) Option { return func(b *behavior) { b.name = name } }

// Take returns the request with that number and forgets it.
func (b *Backend) Take(number int) (Request, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	req := b.numbered[number]
	if req == nil {
		return Request{}, false
	}
	delete(b.numbered, number)
	return *req, true
}

// number keeps req for Take and returns the line that names it.
func (b *Backend) number(req *Request) Field {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	b.numbered[b.last] = req
	return Field{Name: SeenHeader, Value: fmt.Sprintf("%s %d", b.behavior.name, b.last)}
}
