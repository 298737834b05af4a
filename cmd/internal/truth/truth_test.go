package truth

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wsnginx/wsnginx/cmd/internal/nginxtest"
)

var (
	seedFlag     = flag.Uint64("seed", 1, "the first seed")
	seedsFlag    = flag.Int("seeds", 1, "how many seeds, from -seed on")
	caseFlag     = flag.Int("case", -1, "the only configuration of the seed to run; -1 is all")
	routesFlag   = flag.Int("routes", 0, "how many routes to compare; 0 is a few hundred, and 2000 with "+nginxtest.RequireEnv+"=1")
	failuresFlag = flag.Int("failures", 20, "how many failing configurations to stop at")
	shrinkFlag   = flag.Int("shrink", 6, "how many failures to make smaller")
	keepFlag     = flag.String("keep", "", "the folder to write each shrunk configuration to")
)

// enough returns how many routes to compare.
func enough() int {
	switch {
	case *routesFlag > 0:
		return *routesFlag
	case os.Getenv(nginxtest.RequireEnv) == "1":
		return 2000
	}
	return 300
}

// TestTruth compares the model with nginx over generated configurations.
func TestTruth(t *testing.T) {
	w := newWorld(t)
	base := nginxtest.TempDir(t)
	var (
		mu       sync.Mutex
		total    tally
		failures int
		next     atomic.Int64
		wg       sync.WaitGroup
		failed   []failure
	)
	each := (enough() + *seedsFlag - 1) / *seedsFlag
	for s := range *seedsFlag {
		seed := *seedFlag + uint64(s)
		done := func() bool {
			mu.Lock()
			defer mu.Unlock()
			return total.Reached >= each*(s+1) || failures >= *failuresFlag
		}
		next.Store(0)
		for worker := range 3 * runtime.GOMAXPROCS(0) {
			wg.Go(func() {
				for !done() {
					number := int(next.Add(1)) - 1
					if *caseFlag >= 0 {
						if number > 0 {
							return
						}
						number = *caseFlag
					}
					dir := filepath.Join(base, fmt.Sprint("conf", worker))
					sm := generate(seed, number, w.withPorts(t))
					n, ds, err := w.trial(dir, sm, compareAll)
					mu.Lock()
					total.add(n)
					if err != nil {
						failures++
						t.Errorf("seed %d, case %d: %v\n%s", seed, number, err, again(sm))
					}
					if len(ds) > 0 {
						failures++
						failed = append(failed, failure{sm, ds})
					}
					if *keepFlag != "" && (err != nil || len(ds) > 0) {
						_ = writeTree(filepath.Join(*keepFlag, fmt.Sprintf("%d-%d", seed, number)), sm.tree.write())
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
	}
	kinds := map[string]int{}
	for i, f := range failed {
		for _, d := range f.found {
			kinds[d.kind]++
		}
		if i < *shrinkFlag {
			w.explain(t, base, f)
		} else {
			t.Errorf("seed %d, case %d: %v\n%s", f.sample.seed, f.sample.number, brief(f.found[0]), again(f.sample))
		}
	}
	if len(kinds) > 0 {
		t.Logf("disagreements by kind: %v", kinds)
	}
	// One configuration may well be about such values, and weighs too much among a few.
	if *caseFlag < 0 && total.Routes >= enoughRoutes && total.Unknown*50 > total.Routes {
		t.Errorf("%d of %d routes are unknown: 2%% are allowed", total.Unknown, total.Routes)
	}
	t.Logf("%+v", total)
}

// enoughRoutes is from how many generated routes on their share that is unknown is
// judged.
const enoughRoutes = 2000

// brief is a disagreement without the configuration it came from.
func brief(d disagreement) string {
	text, _, _ := strings.Cut(d.Error(), "\n")
	return text
}

// failure is a sample with what it disagrees on.
type failure struct {
	sample *sample
	found  []disagreement
}

// explain prints the smallest configuration that shows the first disagreement.
func (w *world) explain(t *testing.T, base string, f failure) {
	d := f.found[0]
	s := *f.sample
	if d.probe != nil {
		s.probes = []probe{*d.probe}
	}
	last := d
	small := shrink(&s, func(s *sample) bool {
		_, ds, err := w.trial(filepath.Join(base, "shrink"), s, d.kind)
		if err != nil {
			return false
		}
		for _, o := range ds {
			if o.kind == d.kind && o.about == d.about {
				last = o
				return true
			}
		}
		return false
	})
	text := small.tree.text()
	if small == &s {
		text = "it does not show when it is asked for alone\n"
	}
	t.Errorf("seed %d, case %d (and %d more): %v\nshrunk: %v\n%s%s", s.seed, s.number, len(f.found)-1, brief(d), last, text, again(&s))
}

// TestMistakes breaks generated configurations and compares what nginx and
// wsnginx refuse.
func TestMistakes(t *testing.T) {
	w := newWorld(t)
	base := nginxtest.TempDir(t)
	var (
		mu    sync.Mutex
		total tally
		bad   int
		next  atomic.Int64
		wg    sync.WaitGroup
	)
	count := min(enough()/4, 2000)
	for worker := range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			dir := filepath.Join(base, fmt.Sprint("broken", worker))
			e := w.env
			e.ports = []int{11001, 11002, 11003} // nginx -t may fail to bind them
			for {
				number := int(next.Add(1)) - 1
				if number >= count || *caseFlag >= 0 && number > 0 {
					return
				}
				if *caseFlag >= 0 {
					number = *caseFlag
				}
				b := &breaker{r: rand.New(rand.NewPCG(*seedFlag, uint64(number)))}
				m := b.breakTree(generate(*seedFlag, number/mistakesEach, &e).tree)
				var n tally
				d := w.compareMistake(dir, m, &n)
				mu.Lock()
				total.add(n)
				if d != nil && bad < 20 {
					bad++
					t.Errorf("seed %d, case %d: %v\ngo test ./cmd/internal/truth -run TestMistakes -seed %d -case %d", *seedFlag, number, d, *seedFlag, number)
					if *keepFlag != "" {
						_ = writeTree(filepath.Join(*keepFlag, fmt.Sprintf("broken-%d-%d", *seedFlag, number)), m.files)
					}
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	t.Logf("%d mistakes, of which nginx refused %d that are ours to refuse", total.Breaks, total.Refusals)
}

// mistakesEach is how many mistakes are made in one configuration, one at a time.
const mistakesEach = 4

// again is the command that runs a configuration once more.
func again(s *sample) string {
	return fmt.Sprintf("go test ./cmd/internal/truth -run TestTruth -seed %d -case %d", s.seed, s.number)
}
