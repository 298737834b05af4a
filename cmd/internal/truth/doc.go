// Package truth holds wsnginx against nginx: it generates configurations that
// a person could have written and many that nobody would, runs each in a real
// nginx before a strict backend, and compares what the model of rules/effective
// says with what happened. What is compared, and what is out of reach, is
// described in docs/truth.md.
//
// A configuration is a function of two numbers, its seed and its number in the
// seed, and of nothing else but the ports it was given. One that shows a
// disagreement is made smaller for as long as it still shows it.
package truth
