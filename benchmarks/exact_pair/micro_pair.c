/* Weighted pairs of points of which one lies below the other in both coordinates.
 *
 * Standard input: WIDTH HEIGHT, then two sides, `low` and `high`. Each is two lists of points, as a number of points and
 * that many lines `x y ways`, sorted by x; a side's points are all sums of one point of its first list and one of its
 * second, their ways multiplied. Of these only those with 0 <= x <= WIDTH and 0 <= y <= HEIGHT are taken. Printed is the
 * sum of ways(l) * ways(h) over all l of `low` and h of `high` with l.x <= h.x and l.y <= h.y.
 *
 * A line sweeps over x. At each x `below[y]` holds the ways of all l so far, by their y; its running sums over y are
 * multiplied with the ways of the h at x. The points come in slices of ROWS values of x: both lists being sorted, a
 * point of the first list meets in each slice a run of the second that begins where its last one ended.
 *
 * The ways of a whole side must fit 64 bits, the result 128; micro_pair.py makes sure of it.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#ifndef ROWS
#define ROWS 16
#endif

typedef struct {
    int32_t x, y;
    uint64_t ways;
} Point;

typedef struct {
    size_t size;
    Point *points;
} List;

typedef struct {
    List first, second;
    size_t *next;   /* for each point of the first list: the one of the second list that comes next */
    uint64_t *rows; /* ROWS rows of `stride` places, by y; all zero between slices */
} Side;

static int64_t width, height;
static size_t stride; /* of a row: y from 0 to height, then a place for all that lie outside */

static void *zeros(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    madvise(memory, bytes, MADV_HUGEPAGE);
    return memory;
}

static long read_number(void)
{
    long number;
    if (scanf("%ld", &number) != 1) {
        fprintf(stderr, "the input ends early\n");
        exit(1);
    }
    return number;
}

static List read_list(void)
{
    List list = {(size_t)read_number(), NULL};
    list.points = zeros((list.size + 1) * sizeof(Point));
    for (size_t i = 0; i < list.size; i++) {
        list.points[i].x = (int32_t)read_number();
        list.points[i].y = (int32_t)read_number();
        list.points[i].ways = (uint64_t)read_number();
    }
    list.points[list.size].x = INT32_MAX; /* ends the last run */
    return list;
}

static Side read_side(void)
{
    Side side = {read_list(), read_list(), NULL, NULL};
    side.next = zeros((side.first.size + 1) * sizeof(size_t));
    side.rows = zeros(ROWS * stride * sizeof(uint64_t));
    for (size_t i = 0; i < side.first.size; i++) /* what lies left of 0 is passed over */
        while ((int64_t)side.first.points[i].x + side.second.points[side.next[i]].x < 0)
            side.next[i]++;
    return side;
}

/* Fill the rows with the side's points of x from `start` to before `start + ROWS`. */
static void fill(Side *side, int64_t start)
{
    const Point *second = side->second.points;
    for (size_t i = 0; i < side->first.size; i++) {
        const Point own = side->first.points[i];
        const int64_t offset = (int64_t)own.x - start, end = ROWS - offset;
        if (second[0].x >= end)
            break; /* the first list is sorted: no later point has come up to here either */
        size_t j = side->next[i];
        for (; second[j].x < end; j++) {
            uint64_t y = (uint64_t)((int64_t)own.y + second[j].y);
            if (y > (uint64_t)height)
                y = (uint64_t)height + 1;
            side->rows[(uint64_t)(offset + second[j].x) * stride + y] += own.ways * second[j].ways;
        }
        side->next[i] = j;
    }
}

int main(void)
{
    width = read_number();
    height = read_number();
    stride = ((size_t)height + 2 + 7) / 8 * 8;
    Side low = read_side(), high = read_side();
    uint64_t *restrict below = zeros(stride * sizeof(uint64_t));
    unsigned __int128 total = 0;
    for (int64_t start = 0; start <= width; start += ROWS) {
        fill(&low, start);
        fill(&high, start);
        for (int64_t row = 0; row < ROWS; row++) {
            uint64_t *restrict lows = low.rows + row * stride, *restrict highs = high.rows + row * stride;
            const int inside = start + row <= width;
            uint64_t sum = 0;
            for (int64_t y = 0; inside && y <= height; y++) {
                below[y] += lows[y];
                sum += below[y];
                total += (unsigned __int128)sum * highs[y];
            }
            for (size_t y = 0; y < stride; y++)
                lows[y] = highs[y] = 0;
        }
    }
    char digits[40];
    size_t place = sizeof digits - 1;
    digits[place] = 0;
    do {
        digits[--place] = (char)('0' + (int)(total % 10));
        total /= 10;
    } while (total);
    puts(digits + place);
    return 0;
}
