package effective

import (
	"math"
	"time"
)

// ParseTime reads a duration as ngx_parse_time does with is_sec=0, as for every
// timeout of the proxy modules: units w d h m s ms in falling order, each at
// most once, a bare number last and in seconds. It reports false for what nginx
// refuses. What a time.Duration cannot hold is cut to its longest.
func ParseTime(s string) (time.Duration, bool) {
	const (
		start = iota
		week
		day
		hour
		minute
		second
		msec
		last
	)
	var total, value int64
	valid := false
	step := start
	for i := 0; i < len(s); {
		c := s[i]
		i++
		if '0' <= c && c <= '9' {
			digit := int64(c - '0')
			if value > (math.MaxInt64-digit)/10 {
				return 0, false
			}
			value = value*10 + digit
			valid = true
			continue
		}
		var unit int
		var scale int64
		switch c {
		case 'w':
			unit, scale = week, 7*24*3600*1000
		case 'd':
			unit, scale = day, 24*3600*1000
		case 'h':
			unit, scale = hour, 3600*1000
		case 'm':
			unit, scale = minute, 60*1000
			if i < len(s) && s[i] == 's' {
				i++
				unit, scale = msec, 1
			}
		case 's':
			unit, scale = second, 1000
		case ' ':
			unit, scale = last, 1000
			if step >= second {
				return 0, false
			}
		default:
			return 0, false
		}
		if step >= unit || value > math.MaxInt64/scale {
			return 0, false
		}
		step = unit
		value *= scale
		if total > math.MaxInt64-value {
			return 0, false
		}
		total += value
		value = 0
		for i < len(s) && s[i] == ' ' {
			i++
		}
	}
	if !valid || value > math.MaxInt64/1000 || total > math.MaxInt64-value*1000 {
		return 0, false
	}
	total += value * 1000
	if total > math.MaxInt64/int64(time.Millisecond) {
		return math.MaxInt64, true
	}
	return time.Duration(total) * time.Millisecond, true
}
