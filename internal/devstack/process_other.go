//go:build !linux

package devstack

import "syscall"

// endWithOwner does nothing here: only Linux knows a parent-death signal. The next Start ends what was left.
func endWithOwner(*syscall.SysProcAttr, syscall.Signal) {}
