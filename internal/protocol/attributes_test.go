package protocol_test

import (
	"os"
	"strings"
	"testing"

	"parcelward/internal/protocol"
)

// The script that operators run registers exactly the attributes that the worker asks for.
func TestDeployRegistersEverySearchAttribute(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("../../deploy/search-attributes.sh")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range protocol.SearchAttributes() {
		if !strings.Contains(string(script), " "+a.Name+":"+a.Type+" ") && !strings.Contains(string(script), "\t"+a.Name+":"+a.Type+" ") && !strings.Contains(string(script), " "+a.Name+":"+a.Type+";") {
			t.Errorf("deploy/search-attributes.sh lacks %s:%s", a.Name, a.Type)
		}
	}
}
